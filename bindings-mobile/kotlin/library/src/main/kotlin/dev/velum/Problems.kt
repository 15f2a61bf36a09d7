package dev.velum

/** What went wrong. */
public val VelumException.problem: Problem
    get() = when (this) {
        is VelumException.Unreadable -> problem
        is VelumException.Refused -> problem
        is VelumException.Cancelled -> problem
        is VelumException.Signer -> problem
        is VelumException.Pool -> problem
        is VelumException.Market -> problem
        is VelumException.Internal -> problem
    }

/** The code of what went wrong. */
public val VelumException.code: ErrorCode
    get() = problem.code
