// Which of the open tabs the user sees: that one shows reminders. With none in sight, the leader asks the system to.
import { newKey } from '../../lib/secure';
import { signal } from '../../lib/signal';

interface Presence {
  tab: string;
  visible: boolean;
  focused: number;
}
type Message = { t: 'who' } | { t: 'gone'; tab: string } | { t: 'here'; presence: Presence };

const me: Presence = { tab: newKey(), visible: false, focused: 0 };
const tabs = new Map<string, Presence>();
const channel = new BroadcastChannel('carillon-presence');

/** `nobody`: no tab is in sight. */
export type Presenter = 'me' | 'another' | 'nobody';
export const presenter = signal<Presenter>('nobody');

function decide(): void {
  const inSight = [...tabs.values()].filter(({ visible }) => visible).sort((a, b) => b.focused - a.focused || (a.tab < b.tab ? -1 : 1));
  const [first] = inSight;
  presenter.set(!first ? 'nobody' : first.tab === me.tab ? 'me' : 'another');
}

const say = (message: Message): void => channel.postMessage(message);

function look(): void {
  me.visible = document.visibilityState === 'visible';
  if (me.visible && (document.hasFocus() || me.focused === 0)) me.focused = Date.now();
  tabs.set(me.tab, { ...me });
  say({ t: 'here', presence: me });
  decide();
}

channel.onmessage = ({ data }) => {
  const message = data as Message;
  if (message.t === 'who') say({ t: 'here', presence: me });
  else if (message.t === 'gone') tabs.delete(message.tab);
  else tabs.set(message.presence.tab, message.presence);
  decide();
};

addEventListener('focus', look);
document.addEventListener('visibilitychange', look);
addEventListener('pagehide', () => say({ t: 'gone', tab: me.tab }));
addEventListener('pageshow', look);
look();
say({ t: 'who' });
