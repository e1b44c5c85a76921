/** Line icons; each is decoration beside words or a label of its button. */

const PATHS = {
  ask: "M5 12h13m-5-6 6 6-6 6",
  stop: "M7 7h10v10H7z",
  close: "M6 6l12 12M18 6 6 18",
  next: "M9 5l7 7-7 7",
  previous: "M15 5l-7 7 7 7",
  down: "M12 5v14m-6-6 6 6 6-6",
  copy: "M9 9h10v11H9zM5 15V4h10",
  again: "M20 11a8 8 0 1 0-2.3 6.3M20 5v6h-6",
  edit: "M4 20h4L19 9l-4-4L4 16z",
  good: "M7 11v9H4v-9zm0 0 4-8c2 0 2.5 1 2.5 2.5L13 9h5.5c1.5 0 2.3 1.2 2 2.5l-1.6 6.5A2.6 2.6 0 0 1 16.400 20H7",
  bad: "M17 13V4h3v9zm0 0-4 8c-2 0-2.500-1-2.500-2.500L11 15H5.500C4 15 3.200 13.800 3.500 12.500L5.100 6A2.600 2.600 0 0 1 7.600 4H17",
  save: "M12 4v11m-5-5 5 5 5-5M5 20h14",
  document: "M6 3h8l4 4v14H6zM14 3v4h4",
  settings: "M4 7h9m4 0h3M4 17h3m4 0h9M15 4.500v5M9 14.500v5",
  menu: "M4 7h16M4 12h16M4 17h16",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  remove: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  flag: "M6 21V4h11l-2.500 4L17 12H6",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
