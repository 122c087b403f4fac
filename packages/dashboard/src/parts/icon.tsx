/** The few icons of the pages, as strokes on a field of 20 × 20. They stand beside a word or carry a label. */

const paths = {
  plus: "M10 4v12M4 10h12",
  minus: "M4 10h12",
  system: "M3 4.5h14v9H3zM7.5 17h5M10 13.5V17",
  light:
    "M10 6.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 0 0 0-7zM10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6L16 16M4 16l1.4-1.4M14.6 5.4L16 4",
  dark: "M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7z",
  help: "M7.3 7.4a2.7 2.7 0 1 1 3.9 2.4c-.8.4-1.2.9-1.2 1.8M10 14.6v.1",
  leave: "M8 3.5H4v13h4M12 6.5l3.5 3.5L12 13.5M15.5 10H8",
  search: "M8.8 3.5a5.3 5.3 0 1 0 0 10.6a5.3 5.3 0 0 0 0-10.6zM12.8 12.8l4 4",
  close: "M5 5l10 10M15 5L5 15",
  back: "M12 4.5L6.5 10l5.5 5.5",
  onward: "M8 4.5L13.5 10L8 15.5",
  down: "M5 8l5 5l5-5",
  up: "M5 12l5-5l5 5",
  check: "M4.5 10.5l3.6 3.6l7.4-8",
  run: "M16 10a6 6 0 1 1-1.8-4.3M16.2 3.4v3.2H13",
  edit: "M4 16l.8-3.2L13.6 4l2.4 2.4l-8.8 8.8zM12 5.6L14.4 8",
  pause: "M7 4.5v11M13 4.5v11",
  resume: "M6.5 4.5v11l9-5.5z",
  remove: "M4 5.5h12M8 5.5v-2h4v2M5.5 5.5l.8 11h7.4l.8-11M8.5 8.5v5M11.5 8.5v5",
  copy: "M7 7h9v9H7zM13 7V4H4v9h3",
  clean:
    "M11.5 3.5l-2 6M5 16.5c.8-2 1.2-4 1.2-5.5h7.6c0 2 .6 4 1.7 5.5zM6.2 11c0-1.2.8-1.8 2-1.8h3.6c1.2 0 2 .6 2 1.8",
  fleet: "M3.5 3.5h13v5h-13zM3.5 11.5h13v5h-13zM6.5 6h.1M6.5 14h.1M9.5 6h4M9.5 14h4",
  out: "M8 4.5H4v11.5h11.5V12M11 3.5h5.5V9M16.5 3.5L9.5 10.5",
} as const;

export type IconName = keyof typeof paths;

/** Draws an icon as large as the text around it needs. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
