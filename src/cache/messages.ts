/** Answers single messages. */
export abstract class Messages {
  /**
   * @param id as it was asked for
   * @param load asks for the message where it is stored
   * @throws NotFoundError as `load` does
   */
  abstract message(id: string, load: () => Promise<string>): Promise<Buffer>;
}

/** Each from where it is stored. */
export class UncachedMessages extends Messages {
  async message(_id: string, load: () => Promise<string>): Promise<Buffer> {
    return Buffer.from(await load());
  }
}
