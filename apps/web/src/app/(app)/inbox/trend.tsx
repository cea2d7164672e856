const WIDTH = 72;
const HEIGHT = 16;

/** How often, over the days asked about. The words beside it say the same. */
export const Trend = ({ counts }: { counts: readonly number[] }) => {
  const most = Math.max(1, ...counts);
  const width = WIDTH / Math.max(1, counts.length);
  const total = counts.reduce((sum, each) => sum + each, 0);
  const late = counts.slice(-Math.ceil(counts.length / 4)).reduce((sum, each) => sum + each, 0);
  return (
    <span title={`${late} of ${total} in the last quarter of this time`}>
      <svg aria-hidden="true" width={WIDTH} height={HEIGHT} className="text-deny">
        {counts.map((count, part) => {
          const height = count === 0 ? 0 : Math.max(1.5, (count / most) * HEIGHT);
          return (
            <rect
              // biome-ignore lint/suspicious/noArrayIndexKey: a part of time is its place.
              key={part}
              x={part * width}
              y={HEIGHT - height}
              width={Math.max(1, width - 0.75)}
              height={height}
              fill="currentColor"
            />
          );
        })}
      </svg>
      <span className="sr-only">{`${late} of ${total} in the last quarter of this time`}</span>
    </span>
  );
};
