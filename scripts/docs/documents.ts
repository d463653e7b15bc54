import { benchPicture } from "./bench-picture.ts";
import { clusterPicture } from "./cluster-picture.ts";
import { comparisonTable } from "./comparison-table.ts";
import { envExample } from "./env-example.ts";
import { errorsPage } from "./errors-page.ts";
import { benchFigures } from "./figures.ts";
import { LANGUAGES, localised } from "./language.ts";
import { mapPicture } from "./map-picture.ts";
import { withMarkedPart } from "./marked-part.ts";
import { terminalPicture } from "./recording/picture.ts";
import { recordedLines } from "./recording/recording.ts";
import { settingsPage } from "./settings-page.ts";

/** Every generated file, by its path in the project. */
export async function documents(): Promise<ReadonlyMap<string, string>> {
  const figures = benchFigures();
  const pages = LANGUAGES.flatMap((language) => {
    const readme = localised("README.md", language);
    return [
      [localised("docs/settings.md", language), settingsPage(language)],
      [localised("docs/errors.md", language), errorsPage(language)],
      [readme, withMarkedPart(readme, comparisonTable(figures, language))],
    ] as const;
  });
  return new Map([
    ...pages,
    [".env.example", envExample()],
    ["docs/images/map.svg", await mapPicture()],
    ["docs/images/cluster.svg", clusterPicture()],
    ["docs/images/demo.svg", terminalPicture(recordedLines())],
    ["docs/images/bench.svg", benchPicture(figures)],
  ]);
}
