import Link from "next/link";
import { buttonClass } from "./button.tsx";

/** Pages by cursor: rows that arrive meanwhile neither repeat nor vanish. */
export const Pager = (props: { newest: string; older: string | null; atNewest: boolean }) => {
  if (props.atNewest && props.older === null) return null;
  return (
    <nav aria-label="Pages" className="flex justify-end gap-2 border-t border-line p-2">
      {props.atNewest ? null : (
        <Link href={props.newest} className={buttonClass()}>
          Newest
        </Link>
      )}
      {props.older === null ? null : (
        <Link href={props.older} className={buttonClass()}>
          Older
        </Link>
      )}
    </nav>
  );
};
