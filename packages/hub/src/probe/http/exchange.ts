/** Sends a request on a connected socket and reads the answer. The socket is not closed here. */
import type { Socket } from "node:net";
import type { Clock } from "../../model/clock.ts";
import type { Deadline } from "../deadline.ts";
import { faultOf, faultOfError, type Fault } from "../fault.ts";
import type { AnswerReader } from "./answer-reader.ts";

/** Filled in during the exchange. Times in ms. */
export interface ExchangeReport {
  /** From the request to the first byte of the answer. */
  processingMs: number;
  /** From the first byte to the last. */
  transferMs: number;
}

/** Does one exchange; null when the answer is complete in `reader`. */
export function exchange(
  socket: Socket,
  request: Buffer,
  reader: AnswerReader,
  deadline: Deadline,
  clock: Clock,
  report: ExchangeReport,
): Promise<Fault | null> {
  const sentMs = clock.monotonicMs();
  let firstByteMs: number | null = null;
  return new Promise((resolve) => {
    const settle = (fault: Fault | null): void => {
      const now = clock.monotonicMs();
      report.processingMs += (firstByteMs ?? now) - sentMs;
      if (firstByteMs !== null) report.transferMs += now - firstByteMs;
      socket.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onError);
      deadline.waited();
      resolve(fault);
    };
    const check = (): void => {
      if (reader.problem !== null) settle(faultOfProblem(reader));
      else if (reader.state === "done") settle(null);
    };
    const onData = (bytes: Buffer): void => {
      firstByteMs ??= clock.monotonicMs();
      reader.push(bytes);
      check();
    };
    const onEnd = (): void => {
      reader.end();
      check();
    };
    const onError = (error: Error): void => settle(faultOfError(error, "read the answer"));
    socket.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", onError);
    deadline.wait("read the answer", settle);
    if (deadline.fault() === null) socket.write(request);
  });
}

function faultOfProblem({ problem }: AnswerReader): Fault {
  if (problem === null) return faultOf("internal", "the answer has no problem");
  const doubts = problem.reason === "reset" ? "stall" : "none";
  return faultOf(problem.reason, problem.message, doubts);
}
