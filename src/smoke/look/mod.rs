//! How an image or a container is looked into from outside, whatever tools it has inside.
