// A list as somebody has it on an ordinary day, for the pictures.
import type { Server } from '../server';

const lines = [
  'File the tax return 3 days ago !high #office',
  'Pay rent today 18:00 every month !high #home remind 1h before',
  'Water the ferns today every 3 days #home',
  'Send the minutes of the board meeting today 16:30 #office',
  'Take the bread out tonight #kitchen',
  'Dentist tomorrow 9:30 remind 1h before #health',
  'Book the train to Lisbon tomorrow #travel !high',
  'Call the plumber about the kitchen tap in 3 days #home',
  'Review the rota with Mira in 4 days #office',
  'Renew the passport in 20 days #travel !low',
  'Lunch with Ana and Teo in 9 days #family',
  'Back up the photos every last friday #home !low',
  'Swimming every mon and thu #health',
  'Quarterly report every quarter #office',
  'Replace the smoke alarm batteries in 40 days #home',
  'Plan the summer holiday in 60 days #travel #family',
  'Read “A Pattern Language” #books !low',
  'Find a recipe for quince jam #kitchen',
  'Learn the second Gymnopédie #books',
  'Give the old bicycle away #home',
];

const notes = `The landlord's new account is on the **second page** of the letter.

- Transfer by *noon*, so that it arrives the same day
- Ask for a receipt of November
- [Bank](https://example.org/bank)`;

interface Parsed {
  title: string;
  [field: string]: unknown;
}

/** Signs a user up with a list, a log of it, and two saved views; answers with the task that the pictures open. */
export async function fill(server: Server, token: string): Promise<number> {
  const call = <T>(method: string, path: string, body?: unknown) => server.call<T>(method, path, body, token);
  const ids = new Map<string, number>();
  for (const line of lines) {
    const ago = / (\d+) days ago/.exec(line);
    const parsed = await call<Parsed>('POST', '/api/parse', { text: line.replace(/ \d+ days ago/, '') });
    const { title, spans: _, errors: __, ...fields } = parsed as Parsed & { spans: unknown; errors: unknown };
    const due = ago ? { due_date: new Date(Date.now() - Number(ago[1]) * 86_400_000).toISOString() } : {};
    ids.set(title, (await call<{ id: number }>('POST', '/api/todos', { title, ...fields, ...due })).id);
  }
  const rent = ids.get('Pay rent')!;
  await call('PATCH', `/api/todos/${rent}`, { description: notes });
  await call('PATCH', `/api/todos/${rent}`, { title: 'Pay the rent', tags: ['home', 'money'] });
  await call('PATCH', `/api/todos/${ids.get('Dentist')}`, { title: 'Dentist, bring the X-rays', priority: 'high' });
  for (let n = 0; n < 96; n += 1) {
    const { id } = await call<{ id: number }>('POST', '/api/todos', { title: done[n % done.length]! });
    await call('POST', `/api/todos/${id}/complete`);
  }
  await call('POST', `/api/todos/${ids.get('Water the ferns')}/complete`);
  await call('PATCH', `/api/todos/${ids.get('Quarterly report')}`, { priority: 'high' });
  await call('POST', '/api/views', { name: 'This week', query: 'due=week' });
  await call('POST', '/api/views', { name: 'Around the house', query: 'tag=home' });
  return rent;
}

const done = ['Answer the post', 'Buy oat milk and rice', 'Water the ferns', 'Book the dentist', 'Clean the oven', 'Walk with Teo', 'Mend the blue shirt', 'Sort the cables'];
