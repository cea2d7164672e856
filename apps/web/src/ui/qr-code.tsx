import { encode } from "uqr";

/** ISO 18004 wants four modules of quiet around the picture; cameras give up on less. */
const QUIET_MODULES = 4;

/** A picture that a phone reads, made here of what it says: it is asked of no server and is no file. Dark on light in either theme. */
export const QrCode = ({ text, label }: { text: string; label: string }) => {
  const { data, size } = encode(text, { border: QUIET_MODULES, ecc: "M" });
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      className="w-52 rounded"
      shapeRendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
};
