import { Link } from "wouter";
import classes from "./table.module.css";

interface NameProps {
  readonly children: string;
  /** Where it leads. */
  readonly to?: string;
}

/** A name in a table. People choose them, so one may be as long as a line; it must not push the other columns away. */
export function Name({ children, to }: NameProps) {
  return <span className={classes["name"]}>{to === undefined ? children : <Link href={to}>{children}</Link>}</span>;
}
