import type { ReactNode } from "react";
import classes from "./table.module.css";

interface TableProps {
  readonly label: string;
  readonly head: readonly ReactNode[];
  readonly children: ReactNode;
}

/** A dense table; on a phone it scrolls sideways in its own frame. */
export function DataTable({ label, head, children }: TableProps) {
  return (
    <div className={classes["frame"]} tabIndex={0} role="region" aria-label={label}>
      <table className={classes["table"]}>
        <thead>
          <tr>
            {head.map((cell, index) => (
              <th key={index} scope="col">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
