/** What the command line of the fuzzer asks for. */
export interface FuzzOptions {
  command: string;
  minutes: number;
  seed: number;
  requests: number;
  /** Only this target; null is all. */
  target: string | null;
  /** Folder for texts that broke something. */
  keepIn: string;
}
