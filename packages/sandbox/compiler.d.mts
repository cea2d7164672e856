/** The first of $CC, cc, gcc, clang that works here. */
export declare const compiler: string | undefined;
export declare const NO_COMPILER: string;
/** Runs it; without one, an error that says how to get one. */
export declare function compile(args: readonly string[]): void;
