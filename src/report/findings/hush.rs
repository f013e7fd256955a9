//! Secrets in excerpts.
