// Guests are emulated where KVM is not to be had: two laboratories at a time would only wait for each other.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
