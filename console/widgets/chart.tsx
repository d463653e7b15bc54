import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useTexts } from "../texts/language.tsx";
import classes from "./chart.module.css";

type Colour = "good" | "bad" | "accent";

interface Series {
  readonly label: string;
  readonly colour: Colour;
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  readonly label: string;
  /** Unix milliseconds, rising. */
  readonly at: readonly number[];
  readonly series: readonly Series[];
}

const HEIGHT = 220;
const COLOURS: Readonly<Record<Colour, string>> = {
  good: "--console-good",
  bad: "--console-bad",
  accent: "--mantine-primary-color-filled",
};

/** Bars over time, drawn by uPlot. A table with the same numbers is for who cannot see it. */
export function Chart({ label, at, series }: ChartProps) {
  const { t, language } = useTexts();
  const when = t("When");
  const scheme = useComputedColorScheme();
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const plot = new uPlot(optionsOf(element, series, { when, language }), dataOf(at, series), element);
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [at, series, when, language, scheme]);
  const sums = series.map((one) => `${one.label}: ${one.values.reduce<number>((sum, value) => sum + (value ?? 0), 0)}`);
  return <div ref={frame} className={classes["chart"]} role="img" aria-label={`${label}. ${sums.join(", ")}`} />;
}

/** Each series stands on the later ones. */
function dataOf(at: readonly number[], series: readonly Series[]): uPlot.AlignedData {
  const stacked = series.map(({ values }, index) =>
    values.map((_value, place) => series.slice(index).reduce((sum, one) => sum + (one.values[place] ?? 0), 0)),
  );
  return [at.map((time) => time / 1_000), ...stacked];
}

interface Words {
  readonly when: string;
  readonly language: string;
}

function optionsOf(element: HTMLElement, series: readonly Series[], { when, language }: Words): uPlot.Options {
  const style = getComputedStyle(element);
  const line = style.getPropertyValue("--console-line");
  const axis: uPlot.Axis = {
    stroke: style.getPropertyValue("--mantine-color-dimmed"),
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1 },
    font: "11px system-ui",
  };
  const time = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
  const bars = uPlot.paths.bars?.({ size: [0.7, 40] });
  return {
    width: element.clientWidth,
    height: HEIGHT,
    cursor: { y: false, points: { show: false } },
    scales: { y: { range: (_plot, _least, most) => [0, Math.max(1, most * 1.1)] } },
    axes: [
      { ...axis, values: (_plot, splits) => splits.map((second) => time.format(second * 1_000)) },
      { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000, 10_000, 100_000, 1_000_000] },
    ],
    series: [
      { value: (_plot, second) => (second === null ? "–" : time.format(second * 1_000)), label: when },
      ...series.map(({ label, colour, values }): uPlot.Series => {
        const shown = style.getPropertyValue(COLOURS[colour]);
        return {
          label,
          stroke: shown,
          fill: shown,
          width: 0,
          ...(bars && { paths: bars }),
          points: { show: false },
          // Its own number, not where its bar ends.
          value: (_plot, _end, _series, place) => String(place === null ? "–" : (values[place] ?? 0)),
        };
      }),
    ],
  };
}
