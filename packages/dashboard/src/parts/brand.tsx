/** The mark: a tower with its bell. The bell hangs still while all is quiet and swings while something is down. */
import "./brand.css";

/** Draws the mark. */
export function Brand({ ringing }: { ringing: boolean }) {
  return (
    <svg class={ringing ? "brand brand-ringing" : "brand"} viewBox="5 0 22 32" aria-hidden="true">
      <path
        class="brand-tower"
        fill-rule="evenodd"
        d="M16 0 26.5 12v2h-21v-2zM7 15.5h18V32H7zm9 2.2a5.6 5.6 0 0 0-5.6 5.6v5.2h11.2v-5.2a5.6 5.6 0 0 0-5.6-5.6z"
      />
      <g class="brand-bell">
        <path d="M16 18.9c-2.3 0-3.2 1.7-3.2 3.9v2l-1.1 1.6h8.6l-1.1-1.6v-2c0-2.2-.9-3.9-3.2-3.9z" />
        <path class="brand-clapper" d="M14.6 27a1.4 1.4 0 0 0 2.8 0z" />
      </g>
    </svg>
  );
}
