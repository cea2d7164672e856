import Link from "next/link";
import { paths } from "../lib/paths.ts";

const NotFound = () => (
  <div className="grid min-h-[60dvh] place-items-center p-4 text-center">
    <div>
      <h1 className="text-[1.45rem] font-semibold">Nothing here that you may see</h1>
      <p className="mt-1 mb-4 max-w-md text-muted">
        It may have been removed, it may belong to another organization, or the address is mistyped.
      </p>
      <Link href={paths.overview()} className="text-accent underline underline-offset-2">
        To the overview
      </Link>
    </div>
  </div>
);
export default NotFound;
