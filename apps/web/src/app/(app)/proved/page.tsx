import type { Metadata } from "next";
import { Proved } from "./proved.tsx";

export const metadata: Metadata = { title: "Proved" };

const ProvedPage = async ({ searchParams }: { searchParams: Promise<{ error?: string | string[] }> }) => {
  const { error } = await searchParams;
  return <Proved refused={error !== undefined} />;
};
export default ProvedPage;
