"use client";
import { Button } from "../../ui/button.tsx";

const PageError = ({ reset }: { error: Error; reset: () => void }) => (
  <div role="alert" className="grid min-h-[50dvh] place-items-center p-4 text-center">
    <div>
      <h1 className="text-[1.45rem] font-semibold">This page failed</h1>
      <p className="mt-1 mb-4 max-w-md text-muted">
        Nothing was changed by it. The server&apos;s log has the cause; trying again often helps after a restart.
      </p>
      <Button look="primary" onClick={reset}>
        Try again
      </Button>
    </div>
  </div>
);
export default PageError;
