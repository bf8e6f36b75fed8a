using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Lab;

/// <summary>A process of a laboratory, as its state tells it.</summary>
/// <param name="Name">Its own, and its log's.</param>
/// <param name="Node">Whom it belongs to: <c>switch</c>, <c>io</c>, or a guest's name.</param>
/// <param name="Role">What it is.</param>
/// <param name="Process">Its number and start.</param>
internal sealed record LabMember(string Name, string Node, LabRole Role, ProcessIdentity Process);
