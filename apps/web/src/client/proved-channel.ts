/** Tabs of this browser tell each other that the provider was shown who sits here. Says nothing that counts: the server is asked. */
const NAME = "creel-proved";

export const tellProved = (): void => {
  const channel = new BroadcastChannel(NAME);
  channel.postMessage("proved");
  channel.close();
};

export const onProved = (listener: () => void): (() => void) => {
  const channel = new BroadcastChannel(NAME);
  channel.onmessage = () => listener();
  return () => channel.close();
};
