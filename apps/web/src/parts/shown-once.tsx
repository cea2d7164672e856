import { CopyText } from "../ui/copy.tsx";

/** What is kept nowhere in clear, in the moment it was made. */
export const ShownOnce = ({ label, text, first }: { label: string; text: string; first: string }) => (
  <div className="grid gap-2">
    <p>{first} It is not kept in clear and cannot be shown again.</p>
    <CopyText label={label} text={text} />
  </div>
);
