/**
 * A `git` for the inside that knows which names of the workspace are protected: what git would only call busy it explains, to a person or
 * an agent, where it happened.
 *
 * Nothing is enforced here: the mounts of the launcher hold the names, and whoever calls git by its own path meets them all the same.
 * Most sub-commands become git itself at once, so that signals and terminals are its own.
 */
import { SANDBOX_WORK } from "@creel/sandbox";

/** In one line of shell, whatever the name of a policy holds. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
/** As a pattern of git that means this name of the work tree and no other. */
const pattern = (name: string): string => `/${name.replace(/[\\*?[]/g, "\\$&")}`;

/** What cannot be removed anyway, so that `git clean` neither tries nor fails; names within `.git` it never looks at. */
const excludes = (names: readonly string[]): string =>
  names
    .filter((name) => !name.startsWith(".git/") && !name.includes("\n"))
    .map((name) => `-e ${quoted(pattern(name))}`)
    .join(" ");

const CONFIG = `.git/config is protected in this workspace, because what it says can start programs on the host.
For this run these do: git config --global NAME VALUE; for a remote, git config --global remote.NAME.url URL.
For good, change it outside of the sandbox, or leave .git/config out of sandbox.workspace.protect in the policy.`;
const WORKTREES = `.git/worktrees is protected in this workspace, because it has trees already and git on the host obeys what stands there.
Without one: git clone ${SANDBOX_WORK} /tmp/copy. Or leave .git/worktrees/ out of sandbox.workspace.protect in the policy.`;
const MODULES = `.git/modules and .gitmodules are protected in this workspace: submodules can be used but neither added nor fetched anew.
Do it outside of the sandbox, or leave them out of sandbox.workspace.protect in the policy.`;

const said = (text: string): string =>
  `printf '%s\\n' ${text
    .split("\n")
    .map((line) => quoted(`creel: ${line}`))
    .join(" ")} >&2`;

/** `real`: git's own path inside. `names`: those that are protected. */
export const gitShim = (real: string, names: readonly string[]): string => `#!/bin/sh
real=${quoted(real)} work=${SANDBOX_WORK}
# Words before the sub-command are options of git itself; these have their value in the next word.
before=0 skip=0 sub= second=
for word do
  if [ -n "$sub" ]; then second=$word; break; fi
  if [ $skip = 1 ]; then skip=0; else
    case $word in
    -C | -c | --git-dir | --work-tree | --namespace | --config-env) skip=1 ;;
    -*) ;;
    *) sub=$word; continue ;;
    esac
  fi
  before=$((before + 1))
done
# Asks git, under the same options of its own: ask QUESTION WORDS
ask() {
  question=$1; shift
  rest=$(($# - before)) i=0
  while [ $i -lt $before ]; do set -- "$@" "$1"; shift; i=$((i + 1)); done
  shift $rest
  "$real" "$@" rev-parse --path-format=absolute "$question" 2>/dev/null
}
# Whether it is the workspace's repository, and this name of it cannot be written.
held() { name=$1; shift; [ ! -w "$work/.git/$name" ] && [ "$(ask --git-common-dir "$@")" = "$work/.git" ]; }
case $sub in
clean)
  [ "$(ask --show-toplevel "$@")" = "$work" ] || exec "$real" "$@"
  rest=$(($# - before - 1)) i=0
  while [ $i -le $before ]; do set -- "$@" "$1"; shift; i=$((i + 1)); done
  set -- "$@" ${excludes(names)}
  i=0
  while [ $i -lt $rest ]; do set -- "$@" "$1"; shift; i=$((i + 1)); done
  exec "$real" "$@" ;;
submodule)
  case $second in
  add | init | update | deinit | sync | absorbgitdirs) ! held modules "$@" || ${said(MODULES)} ;;
  esac
  exec "$real" "$@" ;;
config | branch | worktree) ;;
remote)
  case $second in
  add | rm | remove | rename | set-url | set-branches) ;;
  *) exec "$real" "$@" ;;
  esac ;;
*) exec "$real" "$@" ;;
esac
"$real" "$@"
code=$?
case $sub:$code in
worktree:128) ! held worktrees "$@" || ${said(WORKTREES)} ;;
branch:*)
  case " $* " in
  *" -u "* | *" --set-upstream-to"* | *" --unset-upstream "*) ! held config "$@" || ${said(CONFIG)} ;;
  esac ;;
config:4 | config:255 | remote:*)
  case " $* " in
  *" --global "* | *" --system "* | *" --file"* | *" -f "*) ;;
  *) [ $code = 0 ] || ! held config "$@" || ${said(CONFIG)} ;;
  esac ;;
esac
exit $code
`;
