import type { PolicyTestResult } from "@creel/policy/browser";
import { Badge } from "../../ui/badge.tsx";
import { Words } from "../../ui/words.tsx";

const nameOf = (result: PolicyTestResult): string => result.name ?? `test ${result.index + 1}`;

const Result = ({ result }: { result: PolicyTestResult }) => {
  const { expected, got } = result;
  const by = expected.rule === null ? "" : ` by \`${expected.rule}\``;
  return (
    <li>
      <Badge tone={result.passed ? "allow" : "deny"}>{result.passed ? "passes" : "fails"}</Badge> {nameOf(result)}{" "}
      <span className="text-muted">line {result.place.line}</span>
      {result.passed ? null : (
        <p className="text-muted">
          <Words>{`It expects ${expected.decision}${by} and gets ${got.decision}: ${got.reason}`}</Words>
        </p>
      )}
    </li>
  );
};

/** The file's own tests: those that fail in full, those that pass on demand. */
export const TestResults = ({ results }: { results: readonly PolicyTestResult[] }) => {
  const failed = results.filter((result) => !result.passed);
  const passed = results.filter((result) => result.passed);
  if (results.length === 0)
    return (
      <p className="text-muted">
        <Words>
          The file has none. Requests under `tests:` are judged before each save, and one that fails hinders it.
        </Words>
      </p>
    );
  return (
    <div className="grid gap-1">
      {failed.length > 0 ? (
        <ul aria-label="Failing tests" className="grid gap-1">
          {failed.map((result) => (
            <Result key={result.index} result={result} />
          ))}
        </ul>
      ) : null}
      {passed.length > 0 ? (
        <details>
          <summary className="w-fit text-accent">
            {passed.length} of {results.length} {results.length === 1 ? "test passes" : "tests pass"}
          </summary>
          <ul aria-label="Passing tests" className="mt-1 grid gap-1">
            {passed.map((result) => (
              <Result key={result.index} result={result} />
            ))}
          </ul>
        </details>
      ) : null}
    </div>
  );
};
