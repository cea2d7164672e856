import type { ReactNode } from "react";
import { SettingsNav } from "./settings-nav.tsx";

const SettingsLayout = ({ children }: { children: ReactNode }) => (
  <>
    <SettingsNav />
    {children}
  </>
);
export default SettingsLayout;
