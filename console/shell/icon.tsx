const PATHS = {
  overview: "M3 12h4l3-8 4 16 3-8h4",
  accounts: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 3.6-6 8-6s8 2 8 6",
  playground: "M4 5h16v11H9l-5 4z",
  keys: "M7.5 20a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM11 12.5L20.5 3M16 7.5l3 3",
  requests: "M4 6h10M4 12h16M4 18h7",
  usage: "M5 20V11m7 9V4m7 16v-6",
  live: "M3 5h18v12H3zM9 21h6M10 8l4 3-4 3z",
  events: "M12 7v5l3 3M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  settings:
    "M4 7h9m5 0h2M4 17h2m5 0h9M15.5 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8.5 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg
      width={18}
      height={18}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.8}
      aria-hidden="true"
    >
      <path d={PATHS[name]} strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
