/**
 * Finds out whether floats are decimals with few digits, as measurements mostly are: 0.25 is 25 / 10^2. A float is
 * kept as a whole number of 10^-decimals only when dividing gives back exactly the same float, so nothing is lost.
 */

/** 10^0 … 10^12, exact as floats; so `whole / powers[k]` is the float nearest to that decimal. */
export const powers: Float64Array = Float64Array.from({ length: 13 }, (_, k) => 10 ** k);

/** The most decimals tried. */
export const maxDecimals = 12;

/** Whole numbers beyond it are not used: sums and second differences of smaller ones are exact. */
export const maxWhole = 2 ** 50;

/** The number of decimals of a float that is no decimal of few digits (NaN, infinities, -0, 1/3, 2^53+1). */
export const notDecimal = maxDecimals + 1;

/** True when `value` is exactly a whole number of 10^-decimals. */
export function fits(value: number, decimals: number): boolean {
  const power = powers[decimals] ?? 1;
  const whole = Math.round(value * power);
  if (!(whole <= maxWhole && whole >= -maxWhole)) return false;
  return whole === 0 ? Object.is(value, 0) : whole / power === value;
}

/** The least number of decimals with which `value` fits; `hint` is tried first. */
export function decimalsOf(value: number, hint: number): number {
  if (hint <= maxDecimals && fits(value, hint)) {
    let decimals = hint;
    while (decimals > 0 && fits(value, decimals - 1)) decimals -= 1;
    return decimals;
  }
  for (let decimals = 0; decimals <= maxDecimals; decimals += 1) {
    if (fits(value, decimals)) return decimals;
  }
  return notDecimal;
}

/**
 * The number of decimals for a whole column: the least with which all but one in sixteen fit; `notDecimal` when there
 * is none. Those that do not fit are kept as they are.
 */
export function columnDecimals(values: Float64Array, count: number): number {
  const tally = new Uint32Array(notDecimal + 1);
  let hint = 0;
  let nots = 0;
  for (let i = 0; i < count; i += 1) {
    // A column of noise shows itself early: the search for each of its values would be for nothing.
    if (i === 64 && nots === 64) return notDecimal;
    const decimals = decimalsOf(values[i] ?? 0, hint);
    tally[decimals] = (tally[decimals] ?? 0) + 1;
    if (decimals <= maxDecimals) hint = decimals;
    else nots += 1;
  }
  let beyond = count;
  for (let decimals = 0; decimals <= maxDecimals; decimals += 1) {
    beyond -= tally[decimals] ?? 0;
    if (beyond * 16 <= count) return decimals;
  }
  return notDecimal;
}
