import { answerOf, type EngineAnswer, type EngineQuestion } from "./engine.ts";

const post = (answer: EngineAnswer): void => self.postMessage(answer);

self.onmessage = ({ data }: MessageEvent<EngineQuestion>) => {
  try {
    post({ id: data.id, value: answerOf(data) });
  } catch (error) {
    post({ id: data.id, error: error instanceof Error ? error.message : "The policy could not be judged." });
  }
};
