/** Texts that call nobody, for channels where a name in a text is a mention and nothing says otherwise. */

/** A word joiner, which nobody sees, behind each `@`, and behind `<` before `!` and `#`: no mention of any chat is left. */
export function withoutMentions(text: string): string {
  return text.replaceAll("@", "@\u2060").replace(/<(?=[!#])/g, "<\u2060");
}
