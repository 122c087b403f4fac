/** The mark: a tower with its bell. The bell hangs still while all is quiet and swings while something is down. */
import "./brand.css";

/** Draws the mark. */
export function Brand({ ringing }: { ringing: boolean }) {
  return (
    <svg class={ringing ? "brand brand-ringing" : "brand"} viewBox="0 0 32 32" aria-hidden="true">
      <path
        class="brand-tower"
        d="M16 1 29 10.5V13H3v-2.5zM5 14.5h22V31h-4.5V23a6.5 6.5 0 0 0-13 0v8H5z"
      />
      <g class="brand-bell">
        <path d="M16 18.4c-2.6 0-3.7 2-3.7 4.6v2.6l-1.2 1.9h9.8l-1.2-1.9V23c0-2.6-1.1-4.6-3.7-4.6z" />
        <path class="brand-clapper" d="M14.3 28.4a1.7 1.7 0 0 0 3.4 0z" />
      </g>
    </svg>
  );
}
