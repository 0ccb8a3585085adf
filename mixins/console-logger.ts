import moleculer from "moleculer";

/** What Moleculer itself says while services come and go; who starts the server sees a banner. */
const LIFECYCLE =
  /^(Waiting for service|Service\(s\) .* available|Service '.*' (started|stopped)|Sequelize adapter has)/;

type LogHandler = (level: string, args: unknown[]) => void;

/** The console logger for people: the lines above are shown only at the level debug. */
export class ConsoleLogger extends moleculer.Loggers.Console {
  override getLogHandler(bindings: { mod: string }): LogHandler | null {
    const log = super.getLogHandler(bindings as never) as LogHandler | null;
    if (log === null || this.getLogLevel(bindings.mod) !== "info") return log;
    return (level, args) => {
      if (level !== "info" || !LIFECYCLE.test(String(args[0]))) log(level, args);
    };
  }
}
