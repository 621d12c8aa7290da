// One WebSocket that comes back by itself and resumes where it was.
import { api, data } from '../api/client';
import type { LiveEvent } from '../api/types';

type Message =
  | { type: 'ready'; sequence: number }
  | { type: 'resumed'; recovered: boolean; sequence: number }
  | { type: 'head'; sequence: number }
  | { type: 'pong' }
  | LiveEvent;

export interface SocketEvents {
  /** Last event that is known; negative where none is. */
  sequence: () => number;
  /** Events later than `sequence` follow; `whole` is false where some in between are lost and the list must be read. */
  ready: (sequence: number, whole: boolean) => void;
  event: (event: LiveEvent) => void;
  state: (state: 'connecting' | 'offline') => void;
}

const longestWait = 15_000;
/** Half again the server's beat. */
const silence = 40_000;

export class LiveSocket {
  private socket: WebSocket | null = null;
  private failures = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private watch: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;
  private opening = false;

  constructor(private readonly events: SocketEvents) {
    addEventListener('online', this.now);
    addEventListener('offline', this.lost);
    void this.open();
  }

  stop(): void {
    this.stopped = true;
    removeEventListener('online', this.now);
    removeEventListener('offline', this.lost);
    clearTimeout(this.retry);
    clearTimeout(this.watch);
    this.socket?.close();
  }

  /** Try again at once. */
  readonly now = (): void => {
    clearTimeout(this.retry);
    if (!this.socket) void this.open();
  };

  private readonly lost = (): void => {
    this.failures += 1;
    this.events.state('offline');
    this.drop();
  };

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    clearTimeout(this.watch);
    if (socket) {
      socket.onclose = null;
      socket.onmessage = null;
      socket.close();
    }
    this.later();
  }

  private isStopped(): boolean {
    return this.stopped;
  }

  private later(): void {
    if (this.stopped) return;
    clearTimeout(this.retry);
    const wait = Math.min(longestWait, 500 * 2 ** Math.min(this.failures, 6)) * (0.75 + Math.random() / 2);
    this.retry = setTimeout(() => void this.open(), wait);
  }

  private failed(): void {
    this.failures += 1;
    this.events.state(this.failures > 1 || !navigator.onLine ? 'offline' : 'connecting');
    this.drop();
  }

  private async open(): Promise<void> {
    if (this.isStopped() || this.opening || this.socket) return;
    this.opening = true;
    try {
      const { ticket } = await data(api.POST('/api/ws-ticket', {}));
      if (this.isStopped()) return;
      const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/ws/tasks`);
      this.socket = socket;
      socket.onopen = () => {
        const sequence = this.events.sequence();
        socket.send(JSON.stringify({ type: 'auth', ticket, ...(sequence >= 0 && { last_sequence: sequence }) }));
        this.heard();
      };
      socket.onmessage = ({ data: text }) => {
        this.heard();
        this.receive(JSON.parse(text as string) as Message);
      };
      socket.onclose = () => this.failed();
    } catch {
      this.failed();
    } finally {
      this.opening = false;
    }
  }

  /** A line that fell silent is dead, whatever the system says. */
  private heard(): void {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => this.failed(), silence);
  }

  private receive(message: Message): void {
    switch (message.type) {
      case 'ready':
        this.failures = 0;
        this.events.ready(message.sequence, false);
        break;
      case 'resumed':
        this.failures = 0;
        this.events.ready(message.sequence, message.recovered);
        break;
      case 'head':
        // A tail was lost: resume, and the server sends it.
        if (message.sequence > this.events.sequence()) this.drop();
        break;
      case 'pong':
        break;
      default:
        if (message.sequence > this.events.sequence() + 1) this.drop();
        else this.events.event(message);
    }
  }
}
