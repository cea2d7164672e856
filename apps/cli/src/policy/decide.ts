import { type CompiledPolicy, compilePolicy, decide } from "@creel/policy";
import { EXIT, type ExitCode } from "../exit.ts";
import { exact, type Io, jsonLine } from "../io.ts";
import { LINE_TOO_LONG, lineBatches, type TextLine } from "./line-batches.ts";
import { loadPolicy } from "./load.ts";
import { parseRequestLine, REQUEST_SHAPE, type RequestLine } from "./request-line.ts";

/**
 * Judges requests from stdin, one answer a line in the same order. A bad line is answered with an error and skipped. Answers are
 * written once per chunk of input: promptly for a program that asks one at a time, in few writes for a file.
 */
export async function decideLines(file: string, io: Io): Promise<ExitCode> {
  const compiled = compilePolicy(loadPolicy(file).policy);
  let code: ExitCode = EXIT.done;
  for await (const batch of lineBatches(io.stdin)) {
    let answers = "";
    for (const question of batch) {
      if (question.text !== null && question.text.trim() === "") continue;
      const parsed = readQuestion(question);
      if (!parsed.ok) code = EXIT.usage;
      answers += jsonLine(parsed.ok ? answer(compiled, parsed) : refusal(question.number, parsed));
    }
    if (answers !== "") io.out(exact(answers));
  }
  return code;
}

const readQuestion = ({ text }: TextLine): RequestLine =>
  text === null ? { ok: false, id: null, field: null, problem: LINE_TOO_LONG } : parseRequestLine(text);

function answer(compiled: CompiledPolicy, { id, request }: Extract<RequestLine, { ok: true }>): unknown {
  const { decision, rule, reason } = decide(compiled, request, Date.now());
  return { id, decision, rule, reason };
}

const refusal = (line: number, { id, field, problem }: Extract<RequestLine, { ok: false }>): unknown => ({
  id,
  line,
  error: { message: `line ${line}: ${problem}`, field, remedy: `Write one JSON object a line: ${REQUEST_SHAPE}.` },
});
