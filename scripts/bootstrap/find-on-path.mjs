import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * @param {string} command
 * @param {string} [path] in the form of the environment's PATH
 * @returns {string | undefined} the full path of an executable
 */
export function findOnPath(command, path = process.env.PATH ?? "") {
  return path
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, command))
    .find(isExecutable);
}

/** Where servers are; on Debian only root's PATH goes there. */
const SERVER_FOLDERS = ["/usr/local/sbin", "/usr/sbin"];

/**
 * @param {string} command
 * @returns {string | undefined} the full path of an executable, a server's too
 */
export function findCommand(command) {
  return findOnPath(command, [process.env.PATH ?? "", ...SERVER_FOLDERS].join(delimiter));
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
