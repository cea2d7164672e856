/** What single sign-on needs of the world outside; the process that serves pages provides it. */
export interface SsoWorld {
  /** Of the dashboard, as browsers see it: `https://creel.example.com`. */
  webUrl: string;
  /** `host:port` of issuers that may be private or speak plain http; whoever runs this installation names them. */
  trustedHosts: readonly string[];
  /** TXT records of a name, each as the pieces it was sent in. */
  resolveTxt(name: string): Promise<string[][]>;
}
