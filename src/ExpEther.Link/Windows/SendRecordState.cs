namespace ExpEther.Link.Windows;

internal enum SendRecordState : byte
{
    Queued,
    InFlight,
    Lost,
    Acknowledged,
}
