import { z } from "zod";

/** Fields that the answers of several dialects have. */

export const unixSeconds = z.int().meta({ description: "Unix time in seconds." });
export const tokenCount = z.int().min(0);
/** Starts at 0. */
export const position = z.int().min(0);
