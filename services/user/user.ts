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

/** What an account shows of itself; images as paths of ours, "" where there is none. */
export interface CardRow extends Pick<UserRow, "id" | "username"> {
  avatar: string;
  background_image: string;
  signature: string;
}

/** The images among them. */
export type CardImages = Pick<CardRow, "avatar" | "background_image">;

/** Which of the owner's turns at the object store each is from. */
export type ImageTurns = { [C in keyof CardImages as `${C}_turn`]: number };

/** Where accounts are kept. */
export interface UserStore {
  /** Adds an account; false when the name is taken. */
  insert(user: UserRow): Promise<boolean>;
  /** The account of exactly that name. */
  findByName(username: string): Promise<UserRow | null>;
  /** Gives an account an image, unless it has one of a later turn. */
  setImage(id: number, column: keyof CardImages, path: string, turn: number): Promise<void>;
  /** The cards of those accounts that exist. */
  findCards(ids: number[]): Promise<CardRow[]>;
  /** Ids, names and ages of those accounts that exist. */
  findNames(ids: number[]): Promise<Pick<UserRow, "id" | "username" | "create_time">[]>;
}
