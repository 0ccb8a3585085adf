/** An account, as it is kept. */
export interface UserRow {
  id: number;
  /** Unique, compared byte by byte. */
  username: string;
  /** argon2id, in the PHC string format. */
  password: string;
  /** Unix seconds. */
  create_time: number;
}

/** Where accounts are kept. */
export interface UserStore {
  /** Adds an account; false when the name is taken. */
  insert(user: UserRow): Promise<boolean>;
  /** The account of exactly that name. */
  findByName(username: string): Promise<UserRow | null>;
  /** Ids and names of those accounts that exist. */
  findNames(ids: number[]): Promise<Pick<UserRow, "id" | "username">[]>;
}
