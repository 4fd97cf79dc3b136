import { ObjectReader } from '../../git/object-reader.ts';
import type { Repository } from '../../git/repository.ts';

/** The one running git that reads a hub's objects. One that has failed in the middle of an answer is replaced. */
export class HubReader {
  readonly #repository: Repository;
  #reader: ObjectReader;

  private constructor(repository: Repository, reader: ObjectReader) {
    this.#repository = repository;
    this.#reader = reader;
  }

  static async open(repository: Repository): Promise<HubReader> {
    return new HubReader(repository, await ObjectReader.open(repository));
  }

  get current(): ObjectReader {
    return this.#reader;
  }

  async reopen(): Promise<void> {
    await this.#reader.close();
    this.#reader = await ObjectReader.open(this.#repository);
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }
}
