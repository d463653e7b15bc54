import { useState, type ReactNode } from "react";
import { More } from "./more.tsx";

interface PartOfProps<T> {
  readonly rows: readonly T[];
  readonly children: (shown: readonly T[]) => ReactNode;
}

/** More rows than a person reads are drawn when they are asked for: hundreds of them are slow on a phone. */
const AT_ONCE = 50;

/** The first rows of a list, and a button for the next ones. */
export function PartOf<T>({ rows, children }: PartOfProps<T>) {
  const [count, setCount] = useState(AT_ONCE);
  const hasNextPage = rows.length > count;
  return (
    <>
      {children(hasNextPage ? rows.slice(0, count) : rows)}
      <More pages={{ hasNextPage, isFetchingNextPage: false, fetchNextPage: () => setCount(count + AT_ONCE) }} />
    </>
  );
}
