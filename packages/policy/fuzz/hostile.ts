export function hostile(say: (line: string) => void): number {
  say("todo");
  return 0;
}
