const OF_PLACEHOLDERS = /%(2[dD]|5[fF]|3[0-9]|4[1-9a-fA-F]|5[0-9aA]|6[1-9a-fA-F]|7[0-9aA])/g;

/** Letters, digits, `-` and `_` as themselves: what a placeholder is made of can then be found as it is. */
export const plainLetters = (text: string): string =>
  text.includes("%") ? text.replace(OF_PLACEHOLDERS, (code) => decodeURIComponent(code)) : text;
