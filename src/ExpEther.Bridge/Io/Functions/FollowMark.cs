using ExpEther.Core.Time;

namespace ExpEther.Bridge.Io.Functions;

/// <summary>The owner's word that its guest has let go of the function and takes it along to another host. Not kept over a restart of the box.</summary>
/// <param name="Guest">The guest's UUID.</param>
/// <param name="Until">When it ends unless it is said again.</param>
internal readonly record struct FollowMark(Guid Guest, Instant Until);
