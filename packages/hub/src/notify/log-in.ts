/** How channels say who they are to a server of one's own: a token, or a name and a password. */
import type { Problem } from "@belfry/contract";
import { pathOf } from "./tls.ts";

/** What the schema cannot say: a name and a password go together, and not with a token. */
export function logInProblems(
  {
    token,
    username,
    password,
  }: { readonly token?: string; readonly username?: string; readonly password?: string },
  at: string,
): readonly Problem[] {
  const problems: Problem[] = [];
  const wrong = (name: string, message: string) =>
    problems.push({ path: pathOf(at, name), message });
  if (username !== undefined && password === undefined)
    wrong("password", "is required with username");
  if (password !== undefined && username === undefined)
    wrong("username", "is required with password");
  if (token !== undefined && username !== undefined)
    wrong("token", "expected either token or username");
  return problems;
}
