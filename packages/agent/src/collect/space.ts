/**
 * Space of mounted file systems. Asking a network file system whose server is gone never returns and holds one of the
 * few threads the runtime has for files. So only file systems of this machine are asked at once; the others are asked
 * in the background, each once at a time and two in all, and what they answered last is what is known.
 */
import { statfs, statfsSync, type StatsFs } from "node:fs";

/** `unknown`: not asked yet, or it waits for its turn. `error`: it gave an error, or no answer for 2 s. */
export type Space = StatsFs | "unknown" | "error";

export interface SpaceParts {
  readonly monotonicMs: () => number;
  /** Asks in the background; `statfs` of the runtime unless given. */
  readonly ask?: (path: string, done: (error: Error | null, answer: StatsFs) => void) => void;
}

const mostAtOnce = 2;
/** Ms after which a mount that gives no answer counts as broken. */
const answerMs = 2_000;
/** Ms an answer is shown while the mount waits for its next turn. */
const freshMs = 60_000;

interface Question {
  readonly path: string;
  answer: Space;
  answeredAtMs: number;
  /** Monotonic ms; null: it is not being asked. */
  askedAtMs: number | null;
  isWaiting: boolean;
}

export class SpaceReader {
  readonly #monotonicMs: () => number;
  readonly #ask: NonNullable<SpaceParts["ask"]>;
  readonly #questions = new Map<string, Question>();
  readonly #waiting: Question[] = [];
  #asked = 0;

  constructor({ monotonicMs, ask = statfs }: SpaceParts) {
    this.#monotonicMs = monotonicMs;
    this.#ask = ask;
  }

  /** Of a file system that answers from memory. */
  readNow(path: string): Space {
    try {
      return statfsSync(path);
    } catch {
      return "error";
    }
  }

  /** What is known of one that may hang; asks it again. */
  readSoon(path: string): Space {
    const question = this.#questionOf(path);
    const now = this.#monotonicMs();
    const { askedAtMs } = question;
    if (askedAtMs !== null) return now - askedAtMs > answerMs ? "error" : shownOf(question, now);
    if (!question.isWaiting) {
      question.isWaiting = true;
      this.#waiting.push(question);
      this.#askNext();
    }
    return shownOf(question, now);
  }

  /** Forgets paths that are not asked for any more. */
  keepOnly(paths: ReadonlySet<string>): void {
    for (const [path, { askedAtMs }] of this.#questions) {
      // One that hangs is kept: mounted again at the same place it must not be asked twice at once.
      if (!paths.has(path) && askedAtMs === null) this.#questions.delete(path);
    }
  }

  #questionOf(path: string): Question {
    const known = this.#questions.get(path);
    if (known !== undefined) return known;
    const question: Question = {
      path,
      answer: "unknown",
      answeredAtMs: 0,
      askedAtMs: null,
      isWaiting: false,
    };
    this.#questions.set(path, question);
    return question;
  }

  #askNext(): void {
    if (this.#asked >= mostAtOnce) return;
    const question = this.#waiting.shift();
    if (question === undefined) return;
    question.isWaiting = false;
    question.askedAtMs = this.#monotonicMs();
    this.#asked += 1;
    this.#ask(question.path, (error, answer) => {
      question.answer = error === null ? answer : "error";
      question.answeredAtMs = this.#monotonicMs();
      question.askedAtMs = null;
      this.#asked -= 1;
      this.#askNext();
    });
  }
}

function shownOf({ answer, answeredAtMs }: Question, now: number): Space {
  return now - answeredAtMs > freshMs ? "unknown" : answer;
}
