/** A message as it is stored and answered. It never changes. */
export interface Message {
  /** UUIDv7 that carries the time and the tag's bucket: see message-id.ts. */
  readonly id: string;
  readonly message: string;
  /** Normalised: see tag.ts. */
  readonly tag: string;
  readonly createdAt: Date;
}

export const MESSAGE_MAX_CODE_POINTS = 140;
