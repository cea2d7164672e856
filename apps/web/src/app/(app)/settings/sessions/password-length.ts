/** As the server's own bound; it judges again. */
export const PASSWORD_CHARS_MIN = 12;
