import type { Metadata } from "next";
import { Device } from "./device.tsx";

export const metadata: Metadata = { title: "Sign in a command line" };

const DevicePage = () => <Device />;
export default DevicePage;
