//! `oversized-image`.

use crate::rules::facts::ImageFacts;
use crate::rules::words::bytes;
use crate::rules::{Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports an image that is larger than the setting `checks.max-size` allows: the size of all its layers,
    /// unpacked, as the engine tells it. Without the setting it says nothing.
    ///
    /// ## Why is this bad?
    /// Every node downloads and keeps the image. What is in it and is not needed takes time at every start and
    /// is attack surface.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM golang:1.23
    /// COPY . /src
    /// RUN cd /src && go build -o /server
    /// CMD ["/server"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM golang:1.23 AS build
    /// WORKDIR /src
    /// COPY . .
    /// RUN CGO_ENABLED=0 go build -o /server
    ///
    /// FROM scratch
    /// COPY --from=build /server /server
    /// CMD ["/server"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/multi-stage/>
    /// - <https://docs.docker.com/build/building/best-practices/#use-multi-stage-builds>
    IMG809 "oversized-image" {
        level: Warning,
        items: [BestPractice],
        aliases: [],
        remedy: "leave out what the service does not need at run time: build in a stage of its own, and start from a smaller base",
        check: Image(check),
    }
}

fn check(image: &ImageFacts, found: &mut Found<'_>) {
    let Some(most) = image.expectations.max_size.filter(|most| image.size > *most) else { return };
    let message = format!("the image takes {}, and {} are allowed", bytes(image.size), bytes(most));
    found.add(Place::field(&image.reference, "Size"), message);
}
