import type { Page } from 'playwright-core';

/** Drives the page by its controls and reads what it shows. */
export class Reader {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async get(key: string): Promise<void> {
    await this.page.getByLabel('Key', { exact: true }).fill(key);
    await this.page.getByRole('button', { name: 'Get', exact: true }).click();
  }

  async set(key: string, value: string): Promise<void> {
    await this.#fill(key, value);
    await this.page.getByRole('button', { name: 'Set', exact: true }).click();
  }

  async delete(key: string): Promise<void> {
    await this.page.getByLabel('Key', { exact: true }).fill(key);
    await this.page.getByRole('button', { name: 'Delete', exact: true }).click();
  }

  async setThere(key: string, value: string): Promise<void> {
    await this.#fill(key, value);
    await this.page.getByRole('button', { name: 'Set there' }).click();
  }

  async option(label: string, value: string): Promise<void> {
    const field = this.page.getByLabel(label, { exact: true });
    const isSelect = await field.evaluate((element) => element instanceof HTMLSelectElement);
    if (isSelect) await field.selectOption({ label: value });
    else await field.fill(value);
    await field.blur();
  }

  async evictBy(name: 'FIFO' | 'LRU'): Promise<void> {
    await this.page.getByLabel(name, { exact: true }).check();
  }

  /** Returns the keys of the local tier in eviction order. */
  local(): Promise<string[]> {
    return this.page.locator('#l1-list .key').allTextContents();
  }

  /** Returns the keys and values of L2. */
  async stored(): Promise<Record<string, string>> {
    const rows = this.page.locator('#l2-list .entry');
    const [keys, values] = [
      await rows.locator('.key').allTextContents(),
      await rows.locator('.value').allTextContents(),
    ];
    return Object.fromEntries(keys.map((key, at) => [key, values[at] ?? '']));
  }

  /** Returns the last call as shown: the tier that served it, the outcome, and the calls to L2. */
  async lastCall(): Promise<{ verdict: string; action: string; calls: string[] }> {
    const text = (id: string) => this.page.locator(id).innerText();
    const calls = this.page.locator('#calls li:not(.none)');
    return {
      verdict: await text('#verdict'),
      action: await text('#action'),
      calls:
        (await calls.all()).length === 0
          ? []
          : await calls.evaluateAll((all) =>
              all.map(({ children }) =>
                [...children].map(({ textContent }) => textContent).join(' → '),
              ),
            ),
    };
  }

  async counter(label: string): Promise<number> {
    const number = this.page
      .locator('#counters div', { has: this.page.getByText(label, { exact: true }) })
      .locator('dd');
    return Number(await number.innerText());
  }

  /** Returns the newest entry of the journal. */
  newest(): Promise<string> {
    return this.page.locator('#journal li').first().innerText();
  }

  async #fill(key: string, value: string): Promise<void> {
    await this.page.getByLabel('Key', { exact: true }).fill(key);
    await this.page.getByLabel('Value', { exact: true }).fill(value);
  }
}
